package dev.cloister.sandbox.cluster;

/// A server that belongs to the cluster.
///
/// @param id its identity, unique among all members that ever were
/// @param name its name, for people
/// @param state `active`
public record Member(String id, String name, String state) {}
