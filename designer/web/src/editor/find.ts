// Finds what somebody means by a few letters: words in any order, letters left out, or the first letters of pinyin. Pure.

const EXACT = 100;
const BEGINS = 80;
const WORD = 60;
const INSIDE = 40;
const INITIALS = 30;
const LOOSE = 10;
/** Letters that stand further apart than this are not what was meant. */
const SPREAD_MAX = 3;

/** How well a text fits what was typed; 0 when it does not. Every typed word must be found. */
export function likeness(query: string, title: string, more = ""): number {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return 1;
  let sum = 0;
  for (const word of words) {
    const best = Math.max(
      fitWord(word, title.toLowerCase()),
      fitWord(word, more.toLowerCase()) / 2,
    );
    if (best === 0) return 0;
    sum += best;
  }
  return sum / words.length;
}

function fitWord(word: string, text: string): number {
  if (text === "") return 0;
  if (text === word) return EXACT;
  const at = text.indexOf(word);
  if (at === 0) return BEGINS;
  if (at > 0) return /[\s\p{P}]/u.test(text[at - 1] ?? "") ? WORD : INSIDE;
  if (!/^[a-z0-9]+$/.test(word)) return 0;
  const initials = initialsOf(text);
  if (word.length > 1 && initials.includes(word)) return INITIALS;
  return loosely(word, text) ? LOOSE : 0;
}

/** "dlt" is "delete": the same letters in order, close together, beginning where a word begins. */
function loosely(word: string, text: string): boolean {
  if (word.length < 2) return false;
  return text.split(/[\s\p{P}]+/u).some((part) => {
    let at = part.startsWith(word[0] ?? "") ? 0 : -1;
    for (const letter of at < 0 ? "" : word.slice(1)) {
      const next = part.indexOf(letter, at + 1);
      if (next < 0 || next - at > SPREAD_MAX) return false;
      at = next;
    }
    return at >= 0;
  });
}

/** Sorted by fit, best first; equals stay in their order. */
export function fitting<Item>(
  items: readonly Item[],
  query: string,
  words: (item: Item) => [title: string, more: string],
): Item[] {
  if (query.trim() === "") return [...items];
  return items
    .map((item, place) => ({ item, place, score: likeness(query, ...words(item)) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .map(({ item }) => item);
}

/** The first character of each pinyin initial, in the order of a Chinese dictionary. */
const FIRST = [..."阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀"];
const LETTERS = [..."abcdefghjklmnopqrstwxyz"];
const order = new Intl.Collator("zh-u-co-pinyin");
const known = new Map<string, string>();

/** "审批" is "sp". Other letters are kept, so that "CC 审批" is "ccsp". */
export function initialsOf(text: string): string {
  let initials = "";
  for (const letter of text) {
    if (/[a-z0-9]/i.test(letter)) initials += letter.toLowerCase();
    else if (/\p{Script=Han}/u.test(letter)) initials += initialOf(letter);
  }
  return initials;
}

function initialOf(letter: string): string {
  let found = known.get(letter);
  if (found === undefined) {
    const next = FIRST.findIndex((first) => order.compare(first, letter) > 0);
    found = LETTERS[(next < 0 ? LETTERS.length : next) - 1] ?? "";
    known.set(letter, found);
  }
  return found;
}
