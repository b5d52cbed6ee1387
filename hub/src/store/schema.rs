//! The tables. Times are milliseconds since 1970-01-01 UTC; secrets are there as digests only.

use sqlx::{Executor as _, Row as _};

use super::{Kind, Store, StoreError};

/// What this program writes.
pub(super) const VERSION: i64 = 3;

/// What makes each version of the one before.
const STEPS: &[&str] = &[FIRST, OIDC, VIEWS];

const FIRST: &str = "
CREATE TABLE hosts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    key_line TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    credential TEXT UNIQUE,
    enrolled_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    answers BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE tokens (
    digest TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    added_ms BIGINT NOT NULL
);
CREATE TABLE invitations (
    digest TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    expires_ms BIGINT NOT NULL
);
CREATE TABLE ssh_keys (
    fingerprint TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    added_ms BIGINT NOT NULL
);
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    added_ms BIGINT NOT NULL
);
CREATE TABLE challenges (
    digest TEXT PRIMARY KEY,
    expires_ms BIGINT NOT NULL
);
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    csrf TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE TABLE questions (
    digest TEXT PRIMARY KEY,
    host TEXT NOT NULL REFERENCES hosts (id),
    id TEXT NOT NULL,
    requester TEXT NOT NULL,
    summary TEXT NOT NULL,
    text TEXT NOT NULL,
    signature TEXT NOT NULL,
    host_key TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    closes_ms BIGINT NOT NULL,
    seen_ms BIGINT,
    over_ms BIGINT,
    outcome TEXT,
    over_by TEXT
);
CREATE INDEX questions_open ON questions (over_ms, received_ms);
CREATE INDEX questions_of_host ON questions (host, over_ms);
CREATE TABLE answers (
    host TEXT NOT NULL REFERENCES hosts (id),
    seq BIGINT NOT NULL,
    question TEXT NOT NULL REFERENCES questions (digest) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    approver TEXT NOT NULL,
    verdict TEXT NOT NULL,
    given_ms BIGINT NOT NULL,
    taken_ms BIGINT,
    accepted BIGINT,
    why TEXT,
    PRIMARY KEY (host, seq),
    UNIQUE (question, digest)
);
CREATE INDEX answers_waiting ON answers (host, taken_ms, seq);
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    question TEXT NOT NULL REFERENCES questions (digest) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    done_ms BIGINT,
    why TEXT
);
CREATE INDEX notices_due ON notices (state, due_ms);
CREATE INDEX notices_of_question ON notices (question);
CREATE TABLE subscriptions (
    endpoint TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    added_ms BIGINT NOT NULL
);
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    event TEXT NOT NULL,
    who TEXT NOT NULL,
    about TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at_ms);
";

/// Accounts at a provider, and logins there that have begun; invitations for a first passkey,
/// and which passkeys came of such.
const OIDC: &str = "
CREATE TABLE accounts (
    person TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL UNIQUE,
    issuer TEXT,
    subject TEXT,
    added_ms BIGINT NOT NULL,
    bound_ms BIGINT,
    UNIQUE (issuer, subject)
);
CREATE TABLE oidc_logins (
    browser TEXT PRIMARY KEY,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT,
    why TEXT
);
ALTER TABLE invitations ADD COLUMN first BIGINT NOT NULL DEFAULT 0;
ALTER TABLE passkeys ADD COLUMN first BIGINT NOT NULL DEFAULT 0;
";

/// Which hosts somebody sees; who is not in it sees all. `matching` is the pattern as LIKE has
/// it, with `!` before what is meant as it is.
const VIEWS: &str = "
CREATE TABLE views (
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    pattern TEXT NOT NULL,
    matching TEXT NOT NULL,
    PRIMARY KEY (person, pattern)
);
";

/// Applies the steps that are missing, in one transaction.
pub(super) async fn bring_up_to_date(store: &Store, kind: Kind) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    if kind == Kind::Postgres {
        // Replicas may start together.
        transaction.execute("SELECT pg_advisory_xact_lock(8237492001)").await?;
    }
    transaction
        .execute("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)")
        .await?;
    let row = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_versions")
        .fetch_one(&mut *transaction)
        .await?;
    let found: i64 = row.try_get("version")?;
    if found > VERSION {
        return Err(StoreError::Newer(found));
    }
    for (version, step) in (1_i64..).zip(STEPS).filter(|(version, _)| *version > found) {
        transaction.execute(*step).await?;
        sqlx::query("INSERT INTO schema_versions (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
