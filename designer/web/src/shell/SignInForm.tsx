// Name and password. Used by the sign-in page and by the dialog of an expired session.

import { Button } from "antd";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { useErrorText } from "../ui/errorText";
import "../ui/form/SchemaForm.css";

export function SignInForm({ login: given, onDone }: { login?: string; onDone?: () => void }) {
  const { t } = useTranslation("app");
  const textOf = useErrorText();
  const [login, setLogin] = useState(given ?? "");
  const [password, setPassword] = useState("");
  const { busy, error, signIn } = useSignIn(onDone);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const missing = !login.trim() ? "login" : !password ? "password" : null;
    if (missing) document.getElementById(missing)?.focus();
    else void signIn(login.trim(), password);
  };
  return (
    <form className="hr-form" onSubmit={submit} noValidate>
      <div className="hr-field">
        <label className="hr-field-label" htmlFor="login">
          {t("sign_in.login")}
        </label>
        <input
          id="login"
          className="hr-input"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={login}
          readOnly={given !== undefined}
          onChange={(event) => setLogin(event.target.value)}
          data-testid="login"
        />
      </div>
      <div className="hr-field">
        <label className="hr-field-label" htmlFor="password">
          {t("sign_in.password")}
        </label>
        <input
          id="password"
          type="password"
          className="hr-input"
          autoComplete="current-password"
          ref={(input) => {
            if (given !== undefined && !password) input?.focus();
          }}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          data-testid="password"
        />
      </div>
      {error !== null && (
        <p className="hr-field-error" role="alert" data-testid="sign-in-error">
          {textOf(error)}
        </p>
      )}
      <Button
        type="primary"
        htmlType="submit"
        size="large"
        block
        loading={busy}
        data-testid="btn-sign-in"
      >
        {t("action.sign_in")}
      </Button>
    </form>
  );
}

export function useSignIn(onDone?: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = useSession((state) => state.signIn);
  const signIn = async (login: string, password: string) => {
    setBusy(true);
    setError(null);
    try {
      await send(login, password);
      onDone?.();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, signIn };
}
