// A field for expressions and templates: offers what can be used, and says at once what comes out.

import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  keymap,
  MatchDecorator,
  placeholder as placeholderOf,
  tooltips,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { useText } from "../../ui/text";
import { type FunctionHelp, useFunctions } from "../remote";
import { shortSample, type Variable } from "../variables";
import { FieldPicker } from "./FieldPicker";
import { Outcome } from "./Outcome";

interface CodeInputProps {
  kind: "expression" | "template";
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder: string;
  variables: readonly Variable[];
  sample: Readonly<Record<string, unknown>>;
  disabled: boolean;
  testId: string;
  long?: boolean;
}

export function CodeInput(props: CodeInputProps) {
  const { kind, value, label, placeholder, variables, sample, disabled, testId, long } = props;
  const { text } = useText();
  const functions = useFunctions();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ ...props, functions, text });
  latest.current = { ...props, functions, text };
  const editable = useRef(new Compartment());

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what changes is read from `latest` or dispatched below
  useEffect(() => {
    if (place.current === null) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(),
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          long ? [] : oneLine,
          placeholderOf(placeholder),
          autocompletion({
            override: [(context) => complete(context, latest.current)],
            icons: false,
          }),
          tooltips({ parent: document.body }),
          islands(kind),
          editable.current.of(editableOf(disabled)),
          EditorView.contentAttributes.of({
            "aria-label": label,
            "data-testid": testId,
            ...(long ? { "aria-multiline": "true" } : {}),
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [kind, long, testId]);

  useEffect(() => {
    const shown = view.current?.state.doc.toString();
    if (view.current === null || shown === value) return;
    view.current.dispatch({ changes: { from: 0, to: shown?.length ?? 0, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: editable.current.reconfigure(editableOf(disabled)) });
  }, [disabled]);

  const insert = (path: string) => {
    const editor = view.current;
    if (editor === null) return;
    const { from, to } = editor.state.selection.main;
    const added = kind === "template" && !insideIsland(editor.state, from) ? `{{ ${path} }}` : path;
    editor.dispatch({
      changes: { from, to, insert: added },
      selection: { anchor: from + added.length },
    });
    editor.focus();
  };
  return (
    <div className="hr-code" data-kind={kind} data-long={long || undefined}>
      <div className="hr-code-row">
        <div className="hr-code-box" ref={place} data-disabled={disabled || undefined} />
        <FieldPicker
          variables={variables}
          onPick={insert}
          disabled={disabled}
          testId={`${testId}.pick`}
        />
      </div>
      <Outcome
        kind={kind}
        source={value}
        sample={sample}
        untried={lacksSample(value, variables, sample)}
        testId={`${testId}.outcome`}
      />
    </div>
  );
}

/** Uses a value that will be there but has no sample yet: nothing is wrong, there is just nothing to show. */
function lacksSample(
  source: string,
  variables: readonly Variable[],
  sample: Readonly<Record<string, unknown>>,
): boolean {
  const roots = new Set(variables.map(({ path }) => path.split(".")[0] ?? path));
  const words = source.match(/[\p{L}_][\p{L}\w]*/gu) ?? [];
  return words.some((word) => roots.has(word) && !(word in sample));
}

function editableOf(disabled: boolean): Extension {
  return [EditorState.readOnly.of(disabled), EditorView.editable.of(!disabled)];
}

/** Enter and pasted line ends become spaces where one line is meant. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
  const flat = transaction.newDoc.toString().replace(/\s*\n\s*/g, " ");
  const before = transaction.startState.doc;
  if (flat === before.toString() || flat.trim() === before.toString().trim()) return [];
  return {
    changes: { from: 0, to: before.length, insert: flat },
    selection: { anchor: flat.length },
  };
});

function islands(kind: "expression" | "template"): Extension {
  const matcher = new MatchDecorator({
    regexp:
      kind === "template" ? /\{\{[^}]*\}\}|\{%[^%]*%\}/g : /'[^']*'|"[^"]*"|\b\d+(?:\.\d+)?\b/g,
    decoration: Decoration.mark({ class: kind === "template" ? "hr-island" : "hr-literal" }),
  });
  return ViewPlugin.define(
    (view) => ({
      decorations: matcher.createDeco(view),
      update(update: ViewUpdate) {
        this.decorations = matcher.updateDeco(update, this.decorations);
      },
    }),
    { decorations: (plugin) => plugin.decorations },
  );
}

function insideIsland(state: EditorState, at: number): boolean {
  const before = state.doc.sliceString(0, at);
  return before.lastIndexOf("{{") > before.lastIndexOf("}}");
}

interface Known {
  kind: "expression" | "template";
  variables: readonly Variable[];
  functions: readonly FunctionHelp[];
  text: (value: FunctionHelp["help"]) => string;
}

function complete(context: CompletionContext, known: Known): CompletionResult | null {
  const inTemplate = known.kind === "template";
  const braces = inTemplate ? context.matchBefore(/\{\{?\s*$/) : null;
  const inside = !inTemplate || insideIsland(context.state, context.pos);
  const word = context.matchBefore(/[\p{L}_][\p{L}\w.]*/u);
  if (!inside && braces === null && !context.explicit) return null;
  if (word === null && braces === null && !context.explicit) return null;
  const closed = /^[^{]*\}\}/.test(context.state.doc.sliceString(context.pos));
  const wrap = (path: string) => {
    if (!inTemplate) return path;
    if (!inside) return `{{ ${path} }}`;
    return closed || path.endsWith("(") ? path : `${path} }}`;
  };
  const variables = known.variables.map(
    (variable): Completion => ({
      label: variable.path,
      displayLabel:
        variable.title === variable.path ? variable.path : `${variable.title}  ${variable.path}`,
      detail: shortSample(variable.sample),
      section: variable.source,
      apply: wrap(variable.path),
      boost: 10,
    }),
  );
  const byTitle = known.variables
    .filter((variable) => variable.title !== variable.path)
    .map(
      (variable): Completion => ({
        label: variable.title,
        displayLabel: `${variable.title}  ${variable.path}`,
        detail: shortSample(variable.sample),
        section: variable.source,
        apply: wrap(variable.path),
      }),
    );
  const functions = known.functions.map(
    (each): Completion => ({
      label: each.name,
      displayLabel: each.signature || each.name,
      info: [known.text(each.help), each.example].filter(Boolean).join("\n"),
      apply: wrap(`${each.name}(`),
    }),
  );
  const typed = word?.text ?? "";
  const latin = /^[\w.]*$/.test(typed);
  return {
    from: word?.from ?? (braces && !inside ? braces.from : context.pos),
    options: [...(latin ? variables : byTitle), ...functions],
    validFor: latin ? /^[\w.]*$/ : /^[\p{L}\w.]*$/u,
  };
}
