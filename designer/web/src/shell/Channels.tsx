// The picture beside the sign-in: water led from one head into many channels, with gates on the way.

export function Channels() {
  return (
    <svg
      className="hr-channels"
      viewBox="0 0 600 800"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <g fill="none" strokeLinecap="round">
        <path
          d="M-20 120 H180 C300 120 300 300 420 300 H640"
          stroke="#ffffff"
          strokeOpacity=".28"
          strokeWidth="26"
        />
        <path
          d="M180 120 C340 120 330 470 470 470 H640"
          stroke="#ffffff"
          strokeOpacity=".16"
          strokeWidth="18"
        />
        <path
          d="M120 120 C260 120 230 620 400 620 H640"
          stroke="#ffffff"
          strokeOpacity=".1"
          strokeWidth="12"
        />
        <path
          d="M-20 120 H180 C300 120 300 300 420 300 H640"
          stroke="#9cc8ff"
          strokeWidth="3"
          strokeDasharray="2 16"
        />
        <path
          d="M180 120 C340 120 330 470 470 470 H640"
          stroke="#9cc8ff"
          strokeOpacity=".7"
          strokeWidth="2.4"
          strokeDasharray="2 14"
        />
        <path
          d="M120 120 C260 120 230 620 400 620 H640"
          stroke="#9cc8ff"
          strokeOpacity=".5"
          strokeWidth="2"
          strokeDasharray="2 12"
        />
      </g>
      <g fill="#0d47a8" stroke="#ffffff" strokeWidth="2.5">
        <rect x="70" y="92" width="92" height="56" rx="14" />
        <rect x="392" y="272" width="92" height="56" rx="14" />
        <rect x="440" y="442" width="92" height="56" rx="14" />
        <path d="M304 198 l28 28 l-28 28 l-28 -28 z" />
      </g>
      <g fill="none" stroke="#ffffff" strokeWidth="4" strokeLinecap="round" strokeLinejoin="round">
        <path d="M108 110 l16 10 l-16 10 z" fill="#ffffff" />
        <path d="M425 300 l9 9 l18 -18" />
        <path d="M470 462 v16 M486 456 v22 M502 468 v10" />
      </g>
    </svg>
  );
}
