-- Proves to PostgreSQL that all events lie below the boundary, so that the switch reads none of them. Appends go on: the validation
-- scans the table under SHARE UPDATE EXCLUSIVE. From here on the store takes no position at or above the boundary, so choose one
-- that lies far ahead, and switch before the log is there.
--
--   :boundary  the first position of the second leaf
alter table :"schema".events add constraint events_position_check check (position < :boundary) not valid;
alter table :"schema".events validate constraint events_position_check;
