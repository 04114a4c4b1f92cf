<?php
// Makes, and ends, a session of WordPress' own for a customer. It is no plugin: put it beside wp-login.php. Only who has the key is answered.
require __DIR__ . '/wp-load.php';

$key = (string) getenv('SUPPORT_KEY');
$sent = (string) ($_SERVER['HTTP_X_SUPPORT_KEY'] ?? '');
if ($key === '' || $_SERVER['REQUEST_METHOD'] !== 'POST' || !hash_equals($key, $sent)) {
    status_header(403);
    exit;
}
if (isset($_POST['end'])) {
    // The cookies of the request say which; the customer's other sessions go on.
    wp_destroy_current_session();
    wp_clear_auth_cookie();
    status_header(204);
    exit;
}
$user = get_user_by('id', (int) ($_POST['user'] ?? 0));
// Nobody becomes somebody who runs the site, whatever the gateway asks for.
if (!$user || user_can($user, 'manage_options')) {
    status_header(404);
    exit;
}
wp_set_auth_cookie($user->ID);
status_header(204);
