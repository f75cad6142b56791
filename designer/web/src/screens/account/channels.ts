// The ways messages reach a person, as they are changed and as they are sent. Pure.

export interface Reached {
  order: string[];
  own: boolean;
  off: string[];
  quiet: { from: string; to: string; timezone?: string } | null;
  may_be_off: string[];
  channels: {
    channel: string;
    used: boolean;
    reaches: boolean;
    address: string;
    standard_address: string;
    connection: string | null;
    connections: { key: string; name: string }[];
  }[];
}

export interface Way {
  channel: string;
  used: boolean;
  address: string;
  connection: string | null;
}

export interface Draft {
  ways: Way[];
  off: string[];
  quiet: { from: string; to: string; timezone?: string | undefined };
}

export function draftOf(reached: Reached): Draft {
  return {
    ways: reached.channels.map(({ channel, used, address, connection }) => ({
      channel,
      used,
      address,
      connection,
    })),
    off: reached.off,
    quiet: reached.quiet ?? { from: "", to: "" },
  };
}

/** The one at `index` changes places with its neighbour. */
export function moved<T>(list: T[], index: number, by: 1 | -1): T[] {
  const next = [...list];
  const [one] = next.splice(index, 1);
  if (one === undefined || index + by < 0) return list;
  next.splice(index + by, 0, one);
  return next;
}

export function bodyOf({ ways, off, quiet }: Draft): Record<string, unknown> {
  const named = ways.filter((way) => way.address.trim() || way.connection);
  return {
    order: ways.filter((way) => way.used).map((way) => way.channel),
    addresses: Object.fromEntries(
      named.map((way) => [
        way.channel,
        {
          ...(way.address.trim() ? { address: way.address.trim() } : {}),
          ...(way.connection ? { connection: way.connection } : {}),
        },
      ]),
    ),
    off,
    quiet:
      quiet.from && quiet.to
        ? {
            from: quiet.from,
            to: quiet.to,
            timezone: quiet.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
          }
        : null,
  };
}
