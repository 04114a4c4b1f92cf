import { ACCOUNT_SECURITY } from "./presets/account-security.ts";
import { DJANGO_ADMIN } from "./presets/django-admin.ts";
import { LARAVEL_NOVA } from "./presets/laravel-nova.ts";
import { MEDIAWIKI } from "./presets/mediawiki.ts";
import { PHPMYADMIN } from "./presets/phpmyadmin.ts";
import { type Preset, rulesOfPreset } from "./presets/preset.ts";
import { REDMINE } from "./presets/redmine.ts";
import { WORDPRESS } from "./presets/wordpress.ts";
import type { RuleSpec } from "./rule.ts";

/** All that ship with the gateway. */
export const PRESETS: readonly Preset[] = [
  ACCOUNT_SECURITY,
  WORDPRESS,
  MEDIAWIKI,
  REDMINE,
  LARAVEL_NOVA,
  DJANGO_ADMIN,
  PHPMYADMIN,
];

/** The rules of a preset, each named `preset/guard`; null where there is no such preset. */
export function presetRules(name: string): readonly RuleSpec[] | null {
  const preset = PRESETS.find((candidate) => candidate.name === name);
  return preset === undefined ? null : rulesOfPreset(preset);
}
