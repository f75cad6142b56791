// Where operators begin: what there is to look after, and what each is for.

import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import { PageBody, PageHeader } from "../../ui/page";
import { Tabs } from "./Frame";
import "./operations.css";
import { PARTS } from "./parts";

export default function Operations() {
  const { t } = useTranslation("operations");
  const may = useMay();
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} below={<Tabs />} />
      <PageBody>
        <ul className="hr-op-parts">
          {PARTS.filter((part) => may(part.permission)).map(({ name, address, icon: Icon }) => (
            <li key={name}>
              <Link to={address} className="hr-op-part" data-testid={`op-${name}`}>
                <span className="hr-op-icon" aria-hidden>
                  <Icon />
                </span>
                <span>
                  <strong>{t(`${name}.title`)}</strong>
                  <span className="hr-muted">{t(`${name}.about`)}</span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </PageBody>
    </>
  );
}
