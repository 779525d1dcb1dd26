// AssemblyScript's integers, as TypeScript sees them: both compilers read the files beside this one. All values fit a double.
declare type u8 = number
declare type u16 = number
declare type u32 = number
declare type u64 = number
declare type i32 = number
declare type i64 = number
declare type usize = number
