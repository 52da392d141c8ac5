// Rows of which each column is an attribute of its own -> items and keys as texts, without a tree of values between.
#pragma once

#include "item_writer.hpp"

namespace dynamodb_fdw {

/// Library code: the item of an INSERT, appended to `*item`, and its key as PendingWrites takes it, appended to `*key`.
/// False, and the texts are of no use: the row has something that only compose_item() and the checks of whole items
/// know to write, or to refuse. What is written here they would write alike.
/// REQUIRES: writer->flat; the row has all columns.
bool compose_flat_item(const ItemWriter* writer, const WrittenRow& row, dynamodb::ItemText* text, std::string* item,
                       std::string* key);

}  // namespace dynamodb_fdw
