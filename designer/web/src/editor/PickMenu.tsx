// A small menu to choose from by typing, arrows and Enter; or by mouse.

import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Position } from "./document";
import "./editor.css";
import "./PickMenu.css";

export interface Pick {
  key: string;
  title: string;
  hint?: string;
  group?: string;
  icon?: ReactNode;
  colour?: string;
  /** Why it cannot be chosen. */
  disabled?: string;
  /** The keys that do the same. */
  keys?: readonly string[];
}

interface PickMenuProps {
  title: string;
  picks: readonly Pick[];
  at?: Position;
  onPick: (key: string) => void;
  onClose: () => void;
  testId: string;
  /** Below the list: what else can be done. */
  footer?: ReactNode;
  /** What fits the typed text, best first; without it, what holds the text. */
  find?: (search: string) => readonly Pick[];
  placeholder?: string;
  wide?: boolean;
  /** What has been typed so far. */
  onSearch?: (search: string) => void;
  /** The node and exit it is about. */
  about?: string;
}

/** More than this nobody reads; typing another letter is quicker. */
const SHOWN_MAX = 200;

export function PickMenu(props: PickMenuProps) {
  const {
    title,
    picks,
    at,
    onPick,
    onClose,
    testId,
    footer,
    find,
    placeholder,
    wide,
    onSearch,
    about,
  } = props;
  const { t } = useTranslation("editor");
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const found = (find?.(search) ?? matching(picks, search)).slice(0, SHOWN_MAX);
  const chosen = Math.min(active, found.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its top
  useEffect(() => {
    setSearch("");
    setActive(0);
  }, [title]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || at === undefined) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, Math.min(at.x, window.innerWidth - width - 8))}px`;
    element.style.top = `${Math.max(8, Math.min(at.y, window.innerHeight - height - 8))}px`;
  }, [at]);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    window.addEventListener("pointerdown", outside, { capture: true });
    return () => window.removeEventListener("pointerdown", outside, { capture: true });
  }, [onClose]);
  useEffect(() => {
    box.current?.querySelector(`[data-index="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const pick = (item: Pick | undefined) => {
    if (item !== undefined && item.disabled === undefined) onPick(item.key);
  };
  const key = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((chosen + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      const step = event.key === "PageDown" ? PAGE : -PAGE;
      setActive(Math.max(0, Math.min(found.length - 1, chosen + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(found[chosen]);
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      onClose();
    }
  };
  return (
    <div
      ref={box}
      className="hr-pick"
      data-floating={at !== undefined || undefined}
      data-wide={wide || undefined}
      data-testid={testId}
      data-about={about}
      role="dialog"
      aria-label={title}
    >
      <div className="hr-pick-title">{title}</div>
      <input
        className="hr-input hr-pick-search"
        // biome-ignore lint/a11y/noAutofocus: a menu one has just opened
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={`${testId}-list`}
        aria-activedescendant={found[chosen] && `${testId}-${found[chosen].key}`}
        aria-label={t("action.search")}
        placeholder={placeholder ?? t("action.search")}
        data-testid={`${testId}-search`}
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          onSearch?.(event.target.value);
          setActive(0);
        }}
        onKeyDown={key}
      />
      <div className="hr-pick-list" role="listbox" id={`${testId}-list`} aria-label={title}>
        {found.map((item, index) => (
          <div key={item.key} role="presentation">
            {item.group !== undefined && item.group !== found[index - 1]?.group && (
              <div className="hr-pick-group" role="presentation">
                {item.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard stays in the field above */}
            <div
              role="option"
              tabIndex={-1}
              id={`${testId}-${item.key}`}
              className="hr-pick-item"
              data-index={index}
              data-active={index === chosen || undefined}
              data-group={item.colour}
              aria-selected={index === chosen}
              aria-disabled={item.disabled !== undefined}
              title={item.disabled}
              data-testid={`${testId}-item-${item.key}`}
              onPointerMove={() => setActive(index)}
              onClick={() => pick(item)}
            >
              {item.icon !== undefined && <span className="hr-pick-icon">{item.icon}</span>}
              <span className="hr-pick-words">
                <span>{item.title}</span>
                {(item.disabled ?? item.hint) && <small>{item.disabled ?? item.hint}</small>}
              </span>
              {item.keys !== undefined && (
                <span className="hr-pick-keys">
                  {item.keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </span>
              )}
            </div>
          </div>
        ))}
        {found.length === 0 && <div className="hr-pick-none">{t("menu.nothing")}</div>}
      </div>
      {footer}
    </div>
  );
}

const PAGE = 8;

export function matching(picks: readonly Pick[], search: string): Pick[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...picks];
  return picks.filter((pick) => {
    const text = `${pick.title} ${pick.key} ${pick.hint ?? ""} ${pick.group ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
