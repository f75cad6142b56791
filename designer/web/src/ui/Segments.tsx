// A few choices side by side, one of them taken: a filter at the head of a list.

import "./Segments.css";

interface SegmentsProps<Value extends string> {
  label: string;
  options: { value: Value; title: string }[];
  value: Value;
  onChange: (value: Value) => void;
  testId?: string;
}

export function Segments<Value extends string>(props: SegmentsProps<Value>) {
  const { label, options, value, onChange, testId = "filter" } = props;
  return (
    <fieldset className="hr-segments">
      <legend className="hr-hidden">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          data-testid={`${testId}-${option.value || "all"}`}
        >
          {option.title}
        </button>
      ))}
    </fieldset>
  );
}
