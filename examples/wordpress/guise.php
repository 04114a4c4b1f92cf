<?php
/**
 * Plugin Name: Guise
 * Description: Shows pages for the user whom the gateway in front names. A token that is not good stops the request.
 *
 * A must-use plugin: it comes before every other and can't be switched off by mistake.
 */

use Firebase\JWT\JWK;
use Firebase\JWT\JWT;

require_once __DIR__ . '/guise/vendor/autoload.php';

/** What Guise says about this request: ->sub is whom to show the page for, ->act->sub who is really there. Null: nothing. */
function guise_claims(): ?object
{
    static $claims = false;
    if ($claims === false) {
        $token = $_SERVER['HTTP_X_GUISE_ASSERTION'] ?? null;
        $claims = $token === null ? null : (guise_verify($token) ?? guise_refuse(401, 'This token is not good.'));
    }
    return $claims;
}

function guise_verify(string $token): ?object
{
    $head = json_decode(base64_decode(strtr(explode('.', $token)[0], '-_', '+/')) ?: '');
    $keys = JWK::parseKeySet(guise_keys(is_string($head->kid ?? null) ? $head->kid : null), 'ES256');
    try {
        JWT::$leeway = 5;
        $headers = new stdClass();
        $claims = JWT::decode($token, $keys, $headers);
    } catch (Throwable) {
        return null;
    }
    $good = $headers->alg === 'ES256'
        && ($claims->iss ?? null) === (defined('GUISE_ISSUER') ? GUISE_ISSUER : 'guise')
        && ($claims->aud ?? null) === GUISE_AUDIENCE
        && is_string($claims->sub ?? null) && preg_match('/^[1-9]\d{0,18}$/', $claims->sub)
        && isset($claims->exp);
    return $good ? $claims : null;
}

function guise_keys(?string $kid): array
{
    $kept = get_transient('guise_jwks');
    // Four minutes: Guise shows a new key five minutes before it signs with it. Thirty seconds: nobody can make us ask often.
    $known = in_array($kid, array_column($kept['jwks']['keys'] ?? [], 'kid'), true);
    if (!$kept || time() - $kept['at'] > ($known ? 240 : 30)) {
        $answer = wp_remote_get(GUISE_JWKS, ['timeout' => 5]);
        $jwks = is_wp_error($answer) ? null : json_decode(wp_remote_retrieve_body($answer), true);
        if (empty($jwks['keys'])) {
            guise_refuse(503, 'The keys are not there.');
        }
        $kept = ['at' => time(), 'jwks' => $jwks];
        set_transient('guise_jwks', $kept, 240);
    }
    return $kept['jwks'];
}

function guise_refuse(int $status, string $why): never
{
    status_header($status);
    nocache_headers();
    exit($why);
}

// Asked at once, before WordPress asks who is there: the answer must not depend on which plugin asks first.
if (guise_claims() !== null) {
    add_filter('determine_current_user', fn () => (int) guise_claims()->sub, PHP_INT_MAX);
    // The dashboard asks for WordPress' own cookie and redirects to the login without it, also where a user is known.
    function auth_redirect(): void
    {
        is_user_logged_in() ? do_action('auth_redirect', get_current_user_id()) : guise_refuse(403, 'There is no such user.');
    }
}
