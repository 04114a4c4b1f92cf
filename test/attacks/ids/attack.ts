/** One attack that the gateway has to withstand. */
export interface Attack {
  readonly id: string;
  readonly attack: string;
  readonly required: string;
}
