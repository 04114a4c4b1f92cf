<?php
// For conf/local.php of the wiki: its people stand in a database. Nothing else of it is about the gateway.
$conf['useacl'] = 1;
$conf['authtype'] = 'authpdo';
$conf['superuser'] = '@admin';
// For how long a session needs no look at the password. The gateway signs in anew after that.
$conf['auth_security_timeout'] = 3600;
$conf['plugin']['authpdo']['dsn'] = getenv('WIKI_DSN');          // pgsql:host=db.internal;dbname=wiki
$conf['plugin']['authpdo']['user'] = getenv('WIKI_DB_USER');
$conf['plugin']['authpdo']['pass'] = getenv('WIKI_DB_PASSWORD');
$conf['plugin']['authpdo']['select-user'] = 'select login as "user", name, mail, login as uid from people where login = :user';
$conf['plugin']['authpdo']['check-pass'] = 'select 1 as ok where wiki_password(:user, :clear)';
$conf['plugin']['authpdo']['select-user-groups'] = 'select unnest(groups) as "group" from people where login = :user';
$conf['plugin']['authpdo']['select-groups'] = 'select distinct unnest(groups) as "group" from people';
