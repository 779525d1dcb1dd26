// What the three flag words hold: the kind of the last producer, + size index (core/state/flag-forms.ts); 0: words as in core/state/flags.ts.

export const FORM_ADD: u32 = 4
export const FORM_SUB: u32 = 8
export const FORM_LOGIC: u32 = 12
export const FORM_INC: u32 = 16
export const FORM_DEC: u32 = 20
export const FORM_SHL: u32 = 24
export const FORM_SHR: u32 = 28
export const FORM_SAR: u32 = 32
