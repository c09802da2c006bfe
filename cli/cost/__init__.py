"""`sluice cost`: what a stack costs, hop by hop.

prices      a dated table, data in prices.yaml
bill        dollars by hop
model       dollars from counts, sizes and times alone
fixed       what a stack costs with nothing sent
meters      what CloudWatch counts of each service, and its price
measured    a bill from what CloudWatch counted of the services
modelled    bills by the model: for a load, and for what Sluice counted where the services did not
what_if     the words behind --what-if
report      the tables, and JSON
commands    cost
"""

from cli.cost.commands import cost

__all__ = ["cost"]
