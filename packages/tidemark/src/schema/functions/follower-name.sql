-- The name of the row in consumers that follows the log for an owner of this kind. Names are unique, and this one holds a control
-- character (U+001D), which a name that a user chose never does. Rows are found by kind and owner, never by this.
create function :"schema".follower_name(p_kind text, p_owner text, p_version integer) returns text
  language sql immutable strict parallel safe
return pg_catalog.concat_ws(pg_catalog.chr(29), p_kind, p_owner, p_version::text);
