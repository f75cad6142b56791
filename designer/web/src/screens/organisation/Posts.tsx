// Posts: what people are, so that flows can ask for "the director above the initiator".

import { DeleteOutlined, IdcardOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { useRemove } from "../../api/useRemove";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { FormDialog } from "../../ui/form/FormDialog";
import { EmptyState } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Frame } from "./Frame";
import { type Post, usePosts } from "./organisation";

export default function Posts() {
  const { t } = useTranslation("organisation");
  const write = useMay()("users:write");
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState<Post | "new" | null>(null);
  const { data, error, refetch } = usePosts();
  const wanted = typed.trim().toLowerCase();
  const rows = data?.items.filter(({ name }) => name.toLowerCase().includes(wanted));
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setOpen("new")}
      data-testid="btn-new-post"
    >
      {t("posts.new")}
    </Button>
  );
  return (
    <Frame part="posts" {...(write ? { actions: create } : {})}>
      <div className="hr-bar">
        <SearchField label={t("posts.search")} value={typed} onChange={setTyped} />
      </div>
      <DataTable
        label={t("posts.title")}
        columns={useColumns(write)}
        rows={rows}
        error={error}
        onRetry={() => void refetch()}
        rowKey={(post) => post.id}
        testId={(post) => `post-${post.name}`}
        {...(write ? { onOpen: setOpen } : {})}
        empty={
          <EmptyState
            icon={<IdcardOutlined />}
            title={t("posts.empty")}
            text={t("posts.empty_text")}
            {...(write && !typed ? { action: create } : {})}
          />
        }
      />
      {open !== null && (
        <PostDialog post={open === "new" ? null : open} onClose={() => setOpen(null)} />
      )}
    </Frame>
  );
}

function useColumns(write: boolean): Column<Post>[] {
  const { t } = useTranslation("organisation");
  const columns: Column<Post>[] = [
    { key: "name", title: t("posts.name"), render: (post) => post.name },
    {
      key: "rank",
      title: t("posts.rank"),
      align: "right",
      render: (post) => post.rank ?? <span className="hr-muted">–</span>,
    },
    {
      key: "people",
      title: t("posts.people"),
      align: "right",
      render: (post) => (
        <Link to={`/organisation/people?post=${encodeURIComponent(post.id)}`}>{post.people}</Link>
      ),
    },
  ];
  if (write) {
    columns.push({
      key: "actions",
      title: <span className="hr-hidden">{t("posts.title")}</span>,
      align: "right",
      phone: "corner",
      render: (post) => <Remove post={post} />,
    });
  }
  return columns;
}

function Remove({ post }: { post: Post }) {
  const { t } = useTranslation(["organisation", "app", "admin"]);
  const remove = useRemove("/api/posts", t("posts.in_use"));
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("admin:delete_of", { name: post.name })}
      title={t("posts.delete_title", { name: post.name })}
      text={t("posts.delete_text")}
      confirmLabel={t("app:action.delete")}
      onConfirm={() => remove(post.id)}
    />
  );
}

function PostDialog({ post, onClose }: { post: Post | null; onClose: () => void }) {
  const { t } = useTranslation(["organisation", "app"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  return (
    <FormDialog
      title={post ? t("posts.edit", { name: post.name }) : t("posts.new")}
      schema={{
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", title: t("posts.name"), maxLength: 100 },
          rank: {
            type: "integer",
            minimum: 0,
            maximum: 1000,
            title: t("posts.rank"),
            description: t("posts.rank_help"),
          },
        },
      }}
      start={post ? { name: post.name, ...(post.rank ? { rank: post.rank } : {}) } : {}}
      onClose={onClose}
      onSubmit={async (value) => {
        if (post) await api.patch(`/api/posts/${post.id}`, value);
        else await api.post("/api/posts", value);
        await queries.invalidateQueries({ queryKey: ["/api/posts"] });
        message.success(t("app:state.saved"));
        onClose();
      }}
    />
  );
}
