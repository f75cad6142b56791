// After a refusal, the first wrong field comes into sight and gets the cursor.

export function showFirstProblem(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>(".hr-field-wrong");
    field?.scrollIntoView({ block: "center" });
    field?.querySelector<HTMLElement>("input, textarea, select")?.focus({ preventScroll: true });
  });
}
