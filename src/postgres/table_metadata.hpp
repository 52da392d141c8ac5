// What DescribeTable says of a table, cached in this backend with a bounded age.
#pragma once

#include "dynamodb/table_description.hpp"
#include "options.hpp"
#include "pg.hpp"

namespace dynamodb_fdw {

/// The setting dynamodb_fdw.metadata_max_age: seconds until DescribeTable is asked again; 0: always.
extern int metadata_max_age;
/// Defines that setting. Call once, from _PG_init.
void define_metadata_settings();

/// The description of a table, or null where it is not to be had (not permitted, no such table, no answer): then only
/// the column options are known. Asked at most once per table and age; failures are remembered as well, up to a minute.
/// A remembered description that contradicts the column options is asked for anew: the table may have got an index
/// since. The result stays valid until `owner` is reset. Never raises an error for a failed request; raises those of
/// acquire_client(); interrupts are handled.
const dynamodb::TableDescription* get_table_description(const TableOptions* table, Oid userid, MemoryContext owner);

/// Forgets what is remembered of a DynamoDB table, and has cached plans made anew: an answer of the service (no such
/// table or index) disproved it.
void forget_table_description(Oid serverid, const char* table_name);

/// Raises an error where the options of the table contradict the description: a key column that is no key, an index
/// that does not exist or has other keys, a column type that cannot hold the key. Names both.
void check_against_description(const TableOptions* table, const dynamodb::TableDescription* description);

}  // namespace dynamodb_fdw
