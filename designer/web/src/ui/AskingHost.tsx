// Where notices and questions are drawn; what asked for them before it was here is told now.

import { App } from "antd";
import { useEffect } from "react";
import { useAsking } from "./asking";

export default function AskingHost() {
  return (
    <App component={false}>
      <Hand />
    </App>
  );
}

function Hand() {
  const app = App.useApp();
  useEffect(() => useAsking.setState({ app }), [app]);
  return null;
}
