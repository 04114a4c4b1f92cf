/** What values look like that go on counting after an impersonation. Each takes time in proportion to the text, whatever is in it. */
export const SECRET_PRESETS = {
  /** Keys for interfaces, by the beginnings that their makers gave them, and private keys. */
  "api-keys": [
    "(?:AKIA|ASIA)[0-9A-Z]{16}",
    "gh[opusr]_[0-9A-Za-z]{36,}",
    "github_pat_[0-9A-Za-z_]{22,}",
    "gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent)-[0-9A-Za-z_-]{20,}",
    "xox[abeoprs]-[0-9A-Za-z-]{10,}",
    "(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,}",
    "whsec_[0-9A-Za-z+/=]{24,}",
    "AIza[0-9A-Za-z_-]{35}",
    "npm_[0-9A-Za-z]{36}",
    "pypi-[0-9A-Za-z_-]{40,}",
    "SG\\.[0-9A-Za-z_-]{16,64}\\.[0-9A-Za-z_-]{16,128}",
    "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{1,12000}-----END [A-Z ]{0,20}PRIVATE KEY-----",
  ],
  /** The signatures of addresses that open to everybody who has them. */
  "signed-addresses": [
    "X-(?:Amz|Goog)-(?:Signature|Security-Token|Credential)=[0-9A-Za-z%/+=_.~-]{16,4000}",
    "(?:[?&;]|u0026)sig=[0-9A-Za-z%/+=_-]{30,200}",
    "(?:[?&;]|u0026)(?:Key-Pair-Id|Policy)=[0-9A-Za-z_~-]{10,4000}",
    "(?:[?&;]|u0026)Signature=[0-9A-Za-z%/+=_~-]{20,1000}",
  ],
  /** Signed tokens (JWT). An app whose page works by one that it holds doesn't work without it. */
  jwt: ["eyJ[0-9A-Za-z_-]{10,2000}\\.eyJ[0-9A-Za-z_-]{2,8000}\\.[0-9A-Za-z_-]{16,2000}"],
} as const;

export type SecretPreset = keyof typeof SECRET_PRESETS;
