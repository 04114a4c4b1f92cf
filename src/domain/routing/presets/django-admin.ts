import { fieldGuards, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Password and e-mail address are the customer's own.";

export const DJANGO_ADMIN: Preset = {
  name: "django-admin",
  describe:
    "Django's admin: signing out means Stop, passwords and e-mail addresses of users can't be changed, and nobody is deleted.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/admin/logout"] },
    {
      name: "password",
      sentence: OWN,
      paths: ["{/*at}/admin/password_change", "{/*at}/auth/user/:id/password"],
    },
    ...fieldGuards(["*password*", "email"], {
      name: "fields",
      sentence: OWN,
      paths: ["{/*at}/:app/user/:id/change"],
    }),
    {
      name: "deletion",
      sentence: "Only the customer may close the account.",
      paths: ["{/*at}/:app/user/:id/delete"],
    },
    {
      name: "deletion",
      sentence: "Only the customer may close the account.",
      paths: ["{/*at}/:app/user"],
      when: { form: { action: "delete_selected" } },
    },
  ],
};
