// The sign of the product: water led through a gate into two channels.

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 28 28" aria-hidden="true">
      <rect width="28" height="28" rx="8" fill="#0958d9" />
      <path
        d="M6 14h6c3 0 3-5 6-5h4M12 14c3 0 3 5 6 5h4"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <circle cx="6.5" cy="14" r="2.2" fill="#9cc8ff" />
    </svg>
  );
}
