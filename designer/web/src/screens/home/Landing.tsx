// Where one arrives: at the overview on a desk, at the tasks on a phone or when tasks are all one does.

import { Navigate } from "react-router";
import { useMay } from "../../api/session";
import { useNarrow } from "../../theme/mode";

export default function Landing() {
  const narrow = useNarrow();
  const overview = useMay()("instances:read") && !narrow;
  return <Navigate to={overview ? "/home" : "/tasks"} replace />;
}
