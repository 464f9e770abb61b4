-- The query of a cursor WITH HOLD that is open while an append of several statements is made in a transaction of the caller's:
-- PostgreSQL runs it when the transaction commits, so that no COMMIT can come between those statements.
create function :"schema".refuse_unfinished_append() returns void
  language plpgsql
as $tidemark$
begin
  raise exception 'the transaction was to commit while an append in it was being made'
    using errcode = 'TM010',
          hint = 'Nothing of the transaction was written. Await every append before you commit, then run all of it again.';
end
$tidemark$;
