// What stands around every screen: sign-in when nobody is, else the navigation, and the notices above all.

import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import type { Screen } from "../screens/screen";
import { lazy } from "../ui/lazy";
import { Loading } from "../ui/page";
import { OfflineNotice } from "./OfflineNotice";
import { SessionExpired } from "./SessionExpired";
import { Shell } from "./Shell";
import { Unreachable } from "./Unreachable";

const SignIn = lazy(() => import("./SignIn").then((module) => ({ default: module.SignIn })));

export function Root({ screens }: { screens: Screen[] }) {
  useTranslation(["app"]); // waits here for the texts everything needs
  const status = useSession((state) => state.status);
  if (status === "loading") return <Loading />;
  if (status === "unreachable") return <Unreachable />;
  return (
    <>
      <OfflineNotice />
      {status === "out" ? (
        <Suspense fallback={<Loading />}>
          <SignIn />
        </Suspense>
      ) : (
        <Shell screens={screens} />
      )}
      <SessionExpired />
    </>
  );
}
