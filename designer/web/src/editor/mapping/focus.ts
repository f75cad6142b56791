// Where the keyboard goes on the board.

export function focusTarget(board: HTMLElement | null, key: string): void {
  requestAnimationFrame(() => {
    const row = board?.querySelector<HTMLElement>(
      `[data-target="${CSS.escape(key)}"] > .hr-map-row`,
    );
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  });
}

export function showDetail(board: HTMLElement | null, key: string): void {
  setTimeout(() => {
    const row = board?.querySelector(`[data-target="${CSS.escape(key)}"]`);
    row?.scrollIntoView?.({ block: "nearest" });
  }, 50);
}

export function focusSource(board: HTMLElement | null, key: string): void {
  board?.querySelector<HTMLElement>(`[data-source="${CSS.escape(key)}"]`)?.focus();
}

export function backToSources(board: HTMLElement | null): void {
  board?.querySelector<HTMLElement>('.hr-map-tree [tabindex="0"]')?.focus();
}
