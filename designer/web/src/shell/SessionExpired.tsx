// The server forgot us while a screen was open: sign in over it, so that nothing typed is lost.

import { Suspense, useEffect } from "react";
import { useSession } from "../api/session";
import { lazy } from "../ui/lazy";

const dialog = () => import("./SessionDialog");
const SessionDialog = lazy(dialog);
/** By then the page has loaded what it shows, and this may come for the day it is needed. */
const PREPARED_MS = 6_000;

export function SessionExpired() {
  const { expired, user } = useSession();
  useEffect(() => {
    const timer = setTimeout(() => void dialog().catch(() => undefined), PREPARED_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!expired || user === null) return null;
  return (
    <Suspense fallback={null}>
      <SessionDialog user={user} />
    </Suspense>
  );
}
