/// What the server keeps: metadata in a database, plugin bytes in a content-addressed blob store.
///
/// [MetadataStore] and [BlobStore] say what is kept and how durable it is, [Storage] opens both, in
/// the data folder or in PostgreSQL. Everything here blocks and is called from virtual threads.
@NullMarked
package dev.cloister.sandbox.storage;

import org.jspecify.annotations.NullMarked;
