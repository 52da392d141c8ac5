// Keys of items as the transaction's writes know them: typed JSON in one spelling, and as text for messages.
#pragma once

#include "transaction.hpp"

namespace dynamodb_fdw {

/// Library code (runs guarded): the key of an item as PendingWrites takes it. Error (invalid_value): the item lacks a
/// key attribute, or has one of another type, empty or too long.
dynamodb::Result<std::string> key_of_item(const WriteTarget* target, const dynamodb::Value& item);

/// Library code: the same for a decoded item, whose key's attributes are in these slots of its selection (sort_slot -1:
/// no sort key).
dynamodb::Result<std::string> key_of_decoded(const WriteTarget* target, const dynamodb::Item& item, int partition_slot,
                                             int sort_slot);

/// Library code: "(pk, sk)=(a, b)" for a key in that form.
std::string key_text(const WriteTarget* target, std::string_view key);

/// `text` (UTF-8) in the database's encoding, as far as that can hold it; palloc'ed.
char* message_text(const char* text);

}  // namespace dynamodb_fdw
