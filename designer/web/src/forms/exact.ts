// Numbers as the server calculates with them (engine/flow/values.py): exact decimals of at most 60 digits, never floats.

import Decimal from "decimal.js";

const Exact = Decimal.clone({ precision: 120, rounding: Decimal.ROUND_HALF_EVEN, toExpPos: 100 });
const Quotient = Decimal.clone({ precision: 28, rounding: Decimal.ROUND_HALF_EVEN });
const Short = Decimal.clone({ precision: 15, rounding: Decimal.ROUND_HALF_EVEN });
const DIGITS_MAX = 60;
const LARGE = new Exact(10).pow(9);

export type Number_ = Decimal;

/** What cannot be worked out: a field is missing, or kinds do not fit. The field then has no value. */
export class NoValue extends Error {}

const PLAIN = /^[+-]?\d+(\.\d+)?$/;

export function exact(value: number | string | Decimal): Decimal {
  return bounded(new Exact(typeof value === "number" ? String(value) : value));
}

/** A plain decimal number as text, or null: `12.50`. */
export function parsed(text: string): Decimal | null {
  const bare = text.trim();
  return PLAIN.test(bare) && bare.length <= DIGITS_MAX ? new Exact(bare) : null;
}

export function isExact(value: unknown): value is Decimal {
  return value instanceof Exact || Decimal.isDecimal(value);
}

function bounded(value: Decimal): Decimal {
  if (!value.isFinite() || Math.abs(value.e) > DIGITS_MAX || value.precision() > DIGITS_MAX) {
    throw new NoValue("limit");
  }
  return value;
}

export const add = (a: Decimal, b: Decimal) => bounded(new Exact(a).plus(b));
export const subtract = (a: Decimal, b: Decimal) => bounded(new Exact(a).minus(b));
export const multiply = (a: Decimal, b: Decimal) => bounded(new Exact(a).times(b));

/** Exact where it comes out even, else to 15 digits (28 from a thousand million on), half to even. */
export function divide(a: Decimal, b: Decimal): Decimal {
  if (b.isZero()) throw new NoValue("division by zero");
  const long = new Exact(a).div(b);
  if (long.precision() <= DIGITS_MAX && long.times(b).eq(a)) return bounded(long);
  const quotient = new Quotient(a).div(b);
  return bounded(
    new Exact(quotient.abs().lt(LARGE) ? new Short(quotient).toSignificantDigits(15) : quotient),
  );
}

export function floorDivide(a: Decimal, b: Decimal): Decimal {
  if (b.isZero()) throw new NoValue("division by zero");
  return bounded(new Exact(a).div(b).floor());
}

export const remainder = (a: Decimal, b: Decimal) => subtract(a, multiply(floorDivide(a, b), b));

/** Half up (away from zero), as merchants do. */
export function rounded(value: Decimal, digits: number): Decimal {
  return new Exact(value).toDecimalPlaces(digits, Decimal.ROUND_HALF_UP);
}

/** An amount as it is stored: `1299.50`, never `1299.5` or `-0.00`. */
export function amount(value: Decimal, digits: number): string {
  const text = new Exact(value).toFixed(digits, Decimal.ROUND_HALF_UP);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** Digits in groups, for reading: `1,299.50`. Text in, text out: no float in between. */
export function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const marked = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}
