//! What a tenant migration must not do, because it runs over thousands of schemas.

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The statement's first line.
    pub statement: String,
    /// What to do instead.
    pub advice: &'static str,
}

/// Checks the text of one tenant migration.
#[must_use]
pub fn lint(sql: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut comment = String::new();
    for statement in statements(sql) {
        let (note, body) = split_comment(&statement);
        let upper = squeeze(&body).to_ascii_uppercase();
        let mut complain = |advice| {
            complaints.push(Complaint {
                statement: body.lines().next().unwrap_or_default().to_owned(),
                advice,
            });
        };
        if upper.starts_with("ALTER TABLE") && upper.contains(" ADD COLUMN ") && upper.contains(" DEFAULT ") {
            complain(
                "add the column nullable, set the default, update, then set not null: a default scans the whole catalog",
            );
        }
        if upper.starts_with("CREATE TYPE") || upper.starts_with("CREATE DOMAIN") {
            complain("use text with a CHECK: types are cached by name per connection");
        }
        let excused = note.to_ascii_lowercase().contains("with a reason");
        if (upper.starts_with("CREATE TRIGGER") || upper.starts_with("CREATE CONSTRAINT TRIGGER"))
            && !excused
            && !comment.contains("with a reason")
        {
            complain("a trigger needs a comment that begins: Trigger with a reason");
        }
        if upper.contains("SELECT *") {
            complain("name the columns: a cached plan must not change its result");
        }
        if upper.starts_with("GRANT") && upper.contains("ON ALL TABLES") {
            complain("grant by table name: ON ALL TABLES costs the whole database");
        }
        if upper.starts_with("CREATE TABLE") && !upper.contains("PRIMARY KEY") {
            complain("every table has a primary key");
        }
        if upper.contains("NOW()") || upper.contains("CURRENT_TIMESTAMP") {
            complain("time comes from the injected clock, never from the server");
        }
        comment = note.to_ascii_lowercase();
    }
    complaints
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn split_comment(statement: &str) -> (String, String) {
    let (notes, body): (Vec<&str>, Vec<&str>) = statement.lines().partition(|line| line.trim_start().starts_with("--"));
    (notes.join("\n"), body.join("\n").trim().to_owned())
}

/// Splits at semicolons that are not inside a `$$` body.
fn statements(sql: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for line in sql.lines() {
        let code = line.split("--").next().unwrap_or_default();
        if code.matches("$$").count() % 2 == 1 {
            quoted = !quoted;
        }
        current.push_str(line);
        current.push('\n');
        if !quoted && code.trim_end().ends_with(';') {
            out.push(std::mem::take(&mut current));
        }
    }
    if !squeeze(&current).is_empty() {
        out.push(current);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_migrations_are_clean() {
        for source in super::super::tenant_migrations() {
            assert_eq!(lint(source.sql), [], "{}", source.name);
        }
    }

    #[test]
    fn each_rule_is_refused() {
        for sql in [
            "ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0;",
            "CREATE TYPE t AS ENUM ('a');",
            "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();",
            "CREATE VIEW v AS SELECT * FROM a;",
            "GRANT SELECT ON ALL TABLES IN SCHEMA x TO y;",
            "CREATE TABLE a (b int);",
            "UPDATE a SET b = now();",
        ] {
            assert_eq!(lint(sql).len(), 1, "{sql}");
        }
        assert_eq!(
            lint("ALTER TABLE a ADD COLUMN b int;\nALTER TABLE a ALTER COLUMN b SET DEFAULT 0;"),
            []
        );
    }
}
