// A place in this browser that outlives it: what is written here is in a file when the promise is done, even if the browser
// is killed the next moment. (What is put into localStorage is written seconds later.)

const NAME = "headrace";
const STORE = "drafts";

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

async function within<Answer>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Answer>,
): Promise<Answer> {
  const transaction = (await database()).transaction(STORE, mode);
  return new Promise((done, failed) => {
    const asked = ask(transaction.objectStore(STORE));
    transaction.oncomplete = () => done(asked.result);
    transaction.onabort = () => failed(transaction.error);
    transaction.onerror = () => failed(transaction.error);
  });
}

/** What should be there; `undefined`: nothing. Only the newest wish counts while an older one is being written. */
const wishes = new Map<string, unknown>();
let writing: Promise<void> | null = null;

export function keep(key: string, value: unknown): void {
  wishes.set(key, value);
  writing ??= write();
}

async function write(): Promise<void> {
  try {
    for (const [key, value] of wishes) {
      wishes.delete(key);
      await within<unknown>(
        "readwrite",
        (store) =>
          (value === undefined ? store.delete(key) : store.put(value, key)) as IDBRequest<unknown>,
      );
    }
  } catch {
    // The browser's store is full or closed; the server's copy is the one that counts.
    wishes.clear();
  } finally {
    writing = null;
  }
}

export async function kept(key: string): Promise<unknown> {
  await writing;
  return within<unknown>("readonly", (store) => store.get(key));
}
