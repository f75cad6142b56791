// A search box with its sign, for the head of a list.

import { SearchOutlined } from "@ant-design/icons";

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function SearchField({ label, value, onChange }: SearchFieldProps) {
  return (
    <label className="hr-search">
      <SearchOutlined aria-hidden />
      <span className="hr-hidden">{label}</span>
      <input
        type="search"
        value={value}
        placeholder={label}
        onChange={(event) => onChange(event.target.value)}
        data-testid="search"
      />
    </label>
  );
}
