// What EXPLAIN shows of a foreign scan.
#include "explain.hpp"

#include "compat.hpp"
#include "connections.hpp"
#include "execute_scan.hpp"

extern "C" {
#include "commands/explain.h"
#include "optimizer/clauses.h"
#include "utils/ruleutils.h"
}

namespace dynamodb_fdw {

using dynamodb::KeyOperator;

namespace {

// Explains one ForeignScan node.
struct Explainer {
  ForeignScanState* node;
  ExplainState* es;
  const ScanState* state;
  List* deparse_context;
};

char* deparse(const Explainer& explainer, Node* expression) {
  bool prefix = list_length(explainer.es->rtable) > 1;
  return deparse_expression(expression, explainer.deparse_context, prefix, false);
}

// Whether an expression has no value yet: parameters of the executor have none before it runs, and EXPLAIN
// (GENERIC_PLAN) has none for the statement's own.
bool is_unknown(Node* node, void* estate) {
  if (node == nullptr) return false;
  if (!IsA(node, Param)) return walk_expression(node, is_unknown, estate);
  if (reinterpret_cast<Param*>(node)->paramkind == PARAM_EXEC) return true;
  return static_cast<EState*>(estate)->es_param_list_info == nullptr;
}

bool has_values(const Explainer& explainer) {
  List* operands = reinterpret_cast<ForeignScan*>(explainer.node->ss.ps.plan)->fdw_exprs;
  return !is_unknown(reinterpret_cast<Node*>(operands), explainer.node->ss.ps.state);
}

void append_sort_condition(StringInfo text, const char* attribute, const SortCondition& sort) {
  static const char* const kOperators[] = {"=", "<", "<=", ">", ">="};
  if (sort.op == KeyOperator::begins_with) {
    appendStringInfo(text, "begins_with(%s, ", attribute);
    append_key_value(text, sort.operands[0]);
    appendStringInfoChar(text, ')');
    return;
  }
  if (sort.op == KeyOperator::between) {
    appendStringInfo(text, "%s BETWEEN ", attribute);
    append_key_value(text, sort.operands[0]);
    appendStringInfoString(text, " AND ");
    append_key_value(text, sort.operands[1]);
    return;
  }
  appendStringInfo(text, "%s %s ", attribute, kOperators[static_cast<int>(sort.op)]);
  append_key_value(text, sort.operands[0]);
}

constexpr int kShownValues = 10;  // of a long IN list

void append_partition_values(StringInfo text, const char* attribute, const ScanKeys& keys) {
  if (keys.partition_count == 1) {
    appendStringInfo(text, "%s = ", attribute);
    append_key_value(text, keys.partitions[0]);
    return;
  }
  appendStringInfo(text, "%s IN (", attribute);
  for (int i = 0; i < Min(keys.partition_count, kShownValues); ++i) {
    if (i > 0) appendStringInfoString(text, ", ");
    append_key_value(text, keys.partitions[i]);
  }
  appendStringInfoString(text, keys.partition_count > kShownValues ? ", ...)" : ")");
}

char* conditions_with_values(const ScanState* state, const ScanKeys& keys) {
  StringInfoData text;
  initStringInfo(&text);
  if (keys.impossible) {
    appendStringInfoString(&text, "none: no item can have such a key");
    return text.data;
  }
  append_partition_values(&text, state->plan.partition_key, keys);
  if (!keys.sort.present) return text.data;
  appendStringInfoString(&text, " AND ");
  append_sort_condition(&text, state->plan.sort_key, keys.sort);
  return text.data;
}

char* conditions_with_expressions(const Explainer& explainer) {
  static const char* const kMatches[] = {"=", "= ANY", "<", "<=", ">", ">=", "LIKE", "^@"};
  const ScanPlan& plan = explainer.state->plan;
  List* operands = reinterpret_cast<ForeignScan*>(explainer.node->ss.ps.plan)->fdw_exprs;
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "%s %s %s", plan.partition_key, kMatches[static_cast<int>(plan.partition_match)],
                   deparse(explainer, static_cast<Node*>(linitial(operands))));
  for (int i = 0; i < list_length(plan.sort_matches); ++i)
    appendStringInfo(&text, " AND %s %s %s", plan.sort_key, kMatches[list_nth_int(plan.sort_matches, i)],
                     deparse(explainer, static_cast<Node*>(list_nth(operands, i + 1))));
  return text.data;
}

// The operation's name and, for a Query, its key condition; with values wherever they are known.
void explain_operation(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  const char* operation = "Scan";
  char* condition = nullptr;
  if (state->plan.operation == ReadOperation::query) {
    operation = state->plan.partition_match == KeyMatch::any_of ? "Query x N" : "Query";
    if (has_values(explainer)) {
      ScanKeys keys = evaluate_scan_keys(state, explainer.node->ss.ps.ps_ExprContext);
      if (keys.partition_count > 1) operation = psprintf("Query x %d", keys.partition_count);
      if (keys.partition_count == 1) operation = "Query";
      if (keys.impossible) operation = "None";
      condition = conditions_with_values(state, keys);
    } else {
      condition = conditions_with_expressions(explainer);
    }
  }
  ExplainPropertyText("DynamoDB Operation", operation, explainer.es);
  const char* region = effective_region(state->table->serverid, state->userid, state->table->aws_region);
  ExplainPropertyText("DynamoDB Table", psprintf("%s (%s)", state->table->table_name, region), explainer.es);
  if (condition != nullptr) ExplainPropertyText("Key Condition", condition, explainer.es);
}

void explain_projection(const Explainer& explainer) {
  List* names = NIL;
  ListCell* cell;
  foreach (cell, explainer.state->plan.projection) {
    char* name = strVal(lfirst(cell));
    names = lappend(names, pg_any_to_server(name, strlen(name), PG_UTF8));
  }
  if (names != NIL) ExplainPropertyList("Projection", names, explainer.es);
}

void explain_not_pushed(const Explainer& explainer) {
  List* reasons = NIL;
  ListCell* clause;
  ListCell* verdict;
  forboth (clause, explainer.node->ss.ps.plan->qual, verdict, explainer.state->plan.verdicts) {
    auto judged = static_cast<PushDown>(lfirst_int(verdict));
    if (judged == PushDown::key_condition) continue;
    reasons = lappend(reasons, psprintf("%s: %s", deparse(explainer, static_cast<Node*>(lfirst(clause))),
                                        push_down_reason(judged)));
  }
  if (reasons != NIL) ExplainPropertyList("Not Pushed Down", reasons, explainer.es);
}

void explain_cost(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  ExplainState* es = explainer.es;
  if (state->plan.operation == ReadOperation::scan)
    ExplainPropertyInteger("Segments", nullptr, state->table->parallel_scan_count, es);
  if (es->costs) ExplainPropertyFloat("Estimated Read Capacity", nullptr, state->plan.estimated_capacity, 1, es);
}

void explain_actuals(const Explainer& explainer) {
  ExplainState* es = explainer.es;
  dynamodb::PageStreamStatistics actual = collect_statistics(explainer.state);
  ExplainPropertyInteger("Requests", nullptr, actual.calls.requests, es);
  ExplainPropertyInteger("Pages", nullptr, actual.pages, es);
  ExplainPropertyInteger("Items Returned", nullptr, actual.items, es);
  ExplainPropertyInteger("Items Scanned", nullptr, actual.items_scanned, es);
  ExplainPropertyFloat("Consumed Capacity", nullptr, actual.consumed_capacity, 1, es);
  ExplainPropertyInteger("Retries", nullptr, actual.calls.retries, es);
  ExplainPropertyInteger("Throttled", nullptr, actual.calls.throttled, es);
  ExplainPropertyInteger("Bytes Received", nullptr, actual.calls.bytes_received, es);
}

}  // namespace

void dynamodbExplainForeignScan(ForeignScanState* node, ExplainState* es) {
  Explainer explainer{node, es, static_cast<ScanState*>(node->fdw_state), NIL};
  explainer.deparse_context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, NIL);
  explain_operation(explainer);
  explain_projection(explainer);
  explain_not_pushed(explainer);
  explain_cost(explainer);
  if (es->analyze) explain_actuals(explainer);
}

}  // namespace dynamodb_fdw
