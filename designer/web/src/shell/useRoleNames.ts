// The roles of a person in words. Those of the system have a text here; business roles are named by the workspace
// and told only to people who may see them, so elsewhere they are left out.

import { useTranslation } from "react-i18next";

export function useRoleNames(): (roles: string[]) => string {
  const { t, i18n } = useTranslation("app");
  return (roles) => {
    const known = roles.filter((role) => i18n.exists(`app:role.${role}`));
    return (known.length > 0 ? known.map((role) => t(`role.${role}`)) : roles).join(" · ");
  };
}
