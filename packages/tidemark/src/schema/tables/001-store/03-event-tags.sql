-- Which events carry a tag, in the order of the log. A B-tree: a GIN index on events.tags made appends seven times slower.
create table :"schema".event_tags (
  tenant text collate "C" not null default '',
  tag text collate "C" not null,
  position bigint not null,
  constraint event_tags_pkey primary key (tenant, tag, position)
);
