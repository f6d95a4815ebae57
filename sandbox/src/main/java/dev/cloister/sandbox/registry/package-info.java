/// The server's state: tenants, their plugins and keys, in memory and on disk at once.
///
/// Everything a request needs to be admitted is in memory. Changes go through the metadata store's
/// one writer thread: checked against memory there, made durable, then applied to memory, so all of
/// them happen in one order and nothing is visible before it is durable. Methods that change
/// something block and are called from virtual threads; reads are lock-free.
@NullMarked
package dev.cloister.sandbox.registry;

import org.jspecify.annotations.NullMarked;
