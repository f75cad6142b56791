// A typed value after a short rest, so that not every key asks the server.

import { useEffect, useState } from "react";

const REST_MS = 250;

export function useDelayed<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
