package dev.cloister.isolate.heap;

/// A charge that was refused.
///
/// @param limit the name of the limit in the way, as in the limits of a tenant
/// @param used what the refused charge would have brought it to, in the limit's unit
/// @param allowed the limit's value
public record HeapRefusal(String limit, long used, long allowed) {}
