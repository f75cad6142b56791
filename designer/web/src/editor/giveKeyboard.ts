// The keyboard goes to what was asked for once that is drawn; who has pressed or typed elsewhere by then keeps it.

const EVERY_MS = 30;
/** Six seconds: by then what was asked for is drawn, however busy the machine. */
const TRIES_MAX = 200;
const TYPED_IN = "input, textarea, [contenteditable=true]";

/**
 * Calls `give` after `afterMs`, and again until it says that it has done what it could. Ends by itself when the person presses
 * anywhere, or is in another field than at the time of the asking. Returns what calls it off.
 */
export function giveKeyboard(
  give: () => boolean,
  afterMs: number,
  tries: number = TRIES_MAX,
): () => void {
  const before = document.activeElement;
  const stop = () => {
    clearTimeout(timer);
    window.removeEventListener("pointerdown", stop, { capture: true });
  };
  const attempt = () => {
    const now = document.activeElement;
    const elsewhere = now !== before && now?.matches(TYPED_IN) === true;
    tries -= 1;
    if (elsewhere || give() || tries <= 0) stop();
    else timer = setTimeout(attempt, EVERY_MS);
  };
  let timer = setTimeout(attempt, afterMs);
  window.addEventListener("pointerdown", stop, { capture: true });
  return stop;
}
