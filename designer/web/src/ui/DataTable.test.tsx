import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { DataTable } from "./DataTable";

afterEach(cleanup);

test("a row opens from anywhere in it, but not from its own controls", async () => {
  const onOpen = vi.fn();
  const onDelete = vi.fn();
  render(
    <DataTable
      label="People"
      columns={[
        { key: "name", title: "Name", render: (row: { name: string }) => row.name },
        { key: "post", title: "Post", render: () => <span>Clerk</span> },
        {
          key: "acts",
          title: "Acts",
          render: () => (
            <button type="button" onClick={onDelete}>
              Delete
            </button>
          ),
        },
      ]}
      rows={[{ name: "Ann" }]}
      rowKey={(row) => row.name}
      onOpen={onOpen}
      empty={null}
    />,
  );

  await userEvent.click(screen.getByText("Clerk"));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith({ name: "Ann" });
  await userEvent.click(screen.getByText("Delete"));
  expect(onDelete).toHaveBeenCalledOnce();
  expect(onOpen).toHaveBeenCalledOnce();
  await userEvent.click(screen.getByText("Ann"));
  expect(onOpen).toHaveBeenCalledTimes(2);
});
