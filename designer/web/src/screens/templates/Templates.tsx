// The gallery, or one template of it.

import { useParams } from "react-router";
import { Gallery } from "./Gallery";
import { TemplateView } from "./TemplateView";

export default function Templates() {
  const { key } = useParams();
  return key === undefined ? <Gallery /> : <TemplateView key={key} templateKey={key} />;
}
