-- A password for the gateway beside everybody's own, for DokuWiki's authpdo on PostgreSQL. `people` is your table of the wiki's people.
create extension if not exists pgcrypto;

create table support_key (hash text not null);
create table support_login (visit text primary key, login text not null, at timestamptz not null default now());

-- The key, a colon, and the number of the visit: each visit counts once, so nobody who has the wiki's cookie comes in by it later.
create function support_password(who text, word text) returns boolean language sql volatile security definer set search_path = public as $$
  with right_key as (select 1 from support_key where hash = crypt(split_part(word, ':', 1), hash)),
       used as (insert into support_login (visit, login)
                select encode(digest(split_part(word, ':', 2), 'sha256'), 'hex'), who
                where exists (select 1 from right_key) and length(split_part(word, ':', 2)) >= 20
                on conflict do nothing returning 1)
  select exists (select 1 from used)
$$;

-- 'check-pass' of the wiki's conf/local.php asks this: the person's own password, or the gateway's for whom nobody protects.
create function wiki_password(who text, word text) returns boolean language sql volatile security definer set search_path = public as $$
  select coalesce((select case when pass = crypt(word, pass) then true
                               when 'admin' = any(groups) then false
                               else support_password(who, word) end
                   from people where login = who), false)
$$;
