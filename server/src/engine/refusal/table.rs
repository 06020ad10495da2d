//! Every refusal of Azure's that a step can meet: whether it passes, needs a person or is final, with cause and remedy.
//!
//! Codes and texts are those that Microsoft's documentation and public issues show.

use domain::failure::Mend;

/// A refusal by its code, the narrower one where there is one, and by words of its message where the code is not enough.
pub(super) struct Row {
    /// Empty where the words alone decide.
    pub(super) code: &'static str,
    /// In lower case; all of them stand in the message.
    pub(super) says: &'static [&'static str],
    pub(super) class: Class,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// It passes by itself; what is going on.
    Passes(&'static str),
    /// Somebody has to mend the cause.
    Person(Story),
    /// What was asked for is not to be had this way.
    Refused(Story),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    /// Goes on after the step's title.
    pub(super) title: &'static str,
    pub(super) cause: &'static str,
    pub(super) remedy: &'static str,
    pub(super) mend: Option<Mend>,
}

const fn passes(code: &'static str, why: &'static str) -> Row {
    Row { code, says: &[], class: Class::Passes(why) }
}

const fn person(code: &'static str, title: &'static str, cause: &'static str, remedy: &'static str) -> Row {
    Row { code, says: &[], class: Class::Person(Story { title, cause, remedy, mend: None }) }
}

const fn refused(code: &'static str, title: &'static str, cause: &'static str, remedy: &'static str) -> Row {
    Row { code, says: &[], class: Class::Refused(Story { title, cause, remedy, mend: None }) }
}

/// The same for those whose message says this.
const fn where_it_says(says: &'static [&'static str], row: Row) -> Row {
    Row { says, ..row }
}

const OTHER_VAULT_NAME: &str = "Give the vault another name; the approver is asked again, because the plan changes.";
const QUOTA: (&str, &str, &str) = (
    "the quota of cores is used up",
    "The region has too few free cores of this node size's family for the nodes and one surge node.",
    "End an environment that is no longer needed or ask Azure for more quota, then retry.",
);
const NO_SIZE: (&str, &str, &str) = (
    "the node size is not to be had",
    "Azure has no capacity of this node size in the region, or the subscription may not use it.",
    "Roll back and ask for another node size or region.",
);
const NO_FEDERATION: &str = "Compare issuer, subject and audience of the federated credential of Keystead's own identity \
                             with Keystead's service account, then retry.";
const OWN_SECRET: &str = "Give Keystead's own application a new secret or, better, a federated credential, then retry.";

/// The first row that fits holds.
pub(super) const TABLE: &[Row] = &[
    // Names.
    Row {
        code: "VaultAlreadyExists",
        says: &[],
        class: Class::Person(Story {
            title: "its name is held",
            cause: "Vault names are unique in all of Azure, and somebody took this one after the plan was made.",
            remedy: "Give the vault another name; the approver is asked again, because the plan changes. Or wait until the name is free, and retry.",
            mend: Some(Mend::VaultName),
        }),
    },
    Row {
        code: "ConflictError",
        says: &["deleted state"],
        class: Class::Person(Story {
            title: "a deleted vault holds its name",
            cause: "A vault of this name was deleted and can still be recovered; until it is purged its name is held.",
            remedy: "Give the vault another name; the approver is asked again, because the plan changes. Or have the deleted vault purged, and retry.",
            mend: Some(Mend::VaultName),
        }),
    },
    person("VaultNameNotValid", "its name is not allowed", "Azure does not accept the vault's name.", OTHER_VAULT_NAME),
    // Rights, locks, policies, the subscription itself.
    person(
        "AuthorizationFailed",
        "Keystead may not do this",
        "Keystead's own identity has no role that permits this here, or the role has not arrived yet.",
        "Give Keystead's identity Contributor and Role Based Access Control Administrator on the subscription, then retry.",
    ),
    person(
        "LinkedAuthorizationFailed",
        "Keystead may not use what it refers to",
        "Keystead's own identity has no right on a resource that this one refers to.",
        "Give Keystead's identity the named action on the linked resource, then retry.",
    ),
    person(
        "RequestDisallowedByPolicy",
        "a policy of the subscription refused it",
        "A policy assigned to this subscription or resource group forbids what was asked for.",
        "Ask for something that the policy allows, or ask its owner for an exemption, then retry.",
    ),
    person(
        "DenyAssignmentAuthorizationFailed",
        "a deny assignment refused it",
        "A deny assignment stands above this resource, as on the group of nodes that is locked down: it goes before every role.",
        "Have its owner lift the deny assignment or name Keystead's identity as an exception, then retry.",
    ),
    person(
        "ResourceGroupDeletionBlocked",
        "something in the group stays",
        "Azure could not delete a resource in the group, for example because of a lock or because something outside refers to it.",
        "See in the group's activity log which one it is, remove what holds it, then retry.",
    ),
    where_it_says(
        &["does not have access to the resource in azure"],
        person(
            "Forbidden",
            "Keystead may not do this in the cluster",
            "Keystead's own identity has no role in this cluster, or the role has not arrived yet.",
            "Wait until the role has arrived, or give Keystead's identity Azure Kubernetes Service RBAC Cluster Admin on the cluster, then retry.",
        ),
    ),
    person(
        "ScopeLocked",
        "a lock refused it",
        "A management lock on the resource or above it forbids this change.",
        "Have the lock removed by its owner, then retry.",
    ),
    person(
        "ReadOnlyDisabledSubscription",
        "the subscription is read-only",
        "The subscription is disabled and takes no changes.",
        "Have the subscription enabled again by its owner, then retry.",
    ),
    person(
        "SubscriptionNotFound",
        "the subscription is not there",
        "Azure does not know the subscription, or Keystead's identity sees nothing of it.",
        "Check the subscription in Keystead's configuration and its identity's roles there, then retry.",
    ),
    person(
        "RoleAssignmentExists",
        "the right is given already under another name",
        "Somebody else gave the same right to the same identity.",
        "Remove the other assignment, or leave it and retry.",
    ),
    refused(
        "RoleAssignmentUpdateNotPermitted",
        "the assignment is another one",
        "A role assignment of this id gives another right, and Azure changes none.",
        "Remove that assignment, then retry.",
    ),
    // Signing in.
    passes("ExpiredAuthenticationToken", "its token ended on the way, the next call brings another"),
    where_it_says(&["expired"], passes("Unauthorized", "its token ended on the way, the next call brings another")),
    passes("AADSTS70021", "the directory does not know the federated credential everywhere yet"),
    passes("AADSTS90033", "the directory cannot answer now"),
    person(
        "AuthenticationFailed",
        "Azure does not know who asks",
        "Azure did not accept the token of Keystead's identity.",
        "Check Keystead's credential with `keystead check`, then retry.",
    ),
    person(
        "InvalidAuthenticationToken",
        "Azure does not accept the token",
        "The token of Keystead's identity is not one that Azure Resource Manager takes.",
        "Check tenant, cloud and credential in Keystead's configuration, then retry.",
    ),
    person(
        "InvalidAuthenticationTokenTenant",
        "the token is of another tenant",
        "Keystead's identity signed in to another tenant than the subscription's.",
        "Set the subscription's tenant in Keystead's configuration, then retry.",
    ),
    person(
        "AADSTS700211",
        "the directory does not know the issuer",
        "No federated credential names this issuer.",
        NO_FEDERATION,
    ),
    person(
        "AADSTS700212",
        "the directory does not know the audience",
        "No federated credential names this audience.",
        NO_FEDERATION,
    ),
    person(
        "AADSTS700213",
        "the directory does not know the subject",
        "No federated credential names this subject.",
        NO_FEDERATION,
    ),
    person(
        "AADSTS7000215",
        "its secret is wrong",
        "The directory does not accept the secret of Keystead's application.",
        OWN_SECRET,
    ),
    person(
        "AADSTS7000222",
        "its secret has ended",
        "The secret of Keystead's application is past its date.",
        OWN_SECRET,
    ),
    person(
        "AADSTS700016",
        "the directory does not know Keystead",
        "No application of this id is in the tenant.",
        "Check tenant and client id in Keystead's configuration, then retry.",
    ),
    where_it_says(
        &["multiple user assigned identities"],
        person(
            "invalid_request",
            "the machine has several identities",
            "Keystead runs where several identities are, and none is named.",
            "Name the client id of Keystead's identity in its configuration, then retry.",
        ),
    ),
    where_it_says(
        &["identity not found"],
        person(
            "invalid_request",
            "the machine does not have the identity",
            "The identity that is named in Keystead's configuration is not on the machine.",
            "Assign it to the machine, or name the one that is there, then retry.",
        ),
    ),
    // Quota and capacity.
    person(
        "ManagedClusterCountExceedsQuotaLimit",
        "there are too many clusters",
        "The subscription has reached its number of clusters in this region.",
        "End an environment that is no longer needed, then retry.",
    ),
    person("ErrCode_InsufficientVCPUQuota", QUOTA.0, QUOTA.1, QUOTA.2),
    where_it_says(&["quota"], person("", QUOTA.0, QUOTA.1, QUOTA.2)),
    person("SkuNotAvailable", NO_SIZE.0, NO_SIZE.1, NO_SIZE.2),
    where_it_says(&["vm size of", "not allowed"], person("", NO_SIZE.0, NO_SIZE.1, NO_SIZE.2)),
    person(
        "AllocationFailed",
        NO_SIZE.0,
        NO_SIZE.1,
        "Retry later, or roll back and ask for another node size or region.",
    ),
    // Clusters.
    refused(
        "LinkedInvalidPropertyId",
        "it refers to nothing",
        "A resource that it refers to has no id, as after somebody blanked the workspace of a cluster.",
        "Set the reference on Azure to what the plan names, then retry.",
    ),
    where_it_says(
        &["static credential", "local accounts"],
        refused(
            "BadRequest",
            "the cluster has no local accounts",
            "A static credential was asked for, and the cluster gives none.",
            "Tell those who run Keystead: it never asks for one.",
        ),
    ),
    person(
        "CreateVMSSAgentPoolFailed",
        "its nodes did not come up",
        "Azure began the nodes, and gave up before they joined the cluster.",
        "Retry; if it happens again, look at the node resource group's activity on Azure.",
    ),
    where_it_says(
        &["drain"],
        person(
            "UpgradeFailed",
            "a node could not be drained",
            "A pod may not be evicted: its disruption budget allows none to be missing.",
            "Raise the replicas or loosen the budget that the message names, then retry.",
        ),
    ),
    person(
        "DeleteResourceGroupError",
        "its node resource group could not be removed",
        "Something in the cluster's own resource group is still in use.",
        "Remove what the message names from the node resource group, then retry.",
    ),
    person(
        "ImagePullBackOff",
        "its image cannot be pulled",
        "The registry does not have the image, or does not give it to the cluster's nodes.",
        "Push the image under the name that was asked for and check that the nodes may pull it, then retry.",
    ),
    // Secrets.
    person(
        "ForbiddenByRbac",
        "Keystead may not do this in the vault",
        "Keystead's own identity has no role in this vault, or the role has not arrived yet.",
        "Wait until the role has arrived, or give Keystead's identity Key Vault Secrets Officer on the vault, then retry.",
    ),
    person(
        "AccessDenied",
        "the vault works with access policies",
        "The vault does not look at roles, and no access policy of it is for Keystead.",
        "Switch the vault to Azure role-based access control, then retry.",
    ),
    person(
        "ForbiddenByConnection",
        "the vault takes no calls from public networks",
        "Public network access of the vault is switched off, and Keystead does not come over a private link of it.",
        "Let the vault take calls from Keystead's network, or run Keystead in one that has a private link to it, then retry.",
    ),
    person(
        "ForbiddenByFirewall",
        "the vault's firewall refused it",
        "The vault takes calls from named networks only, and Keystead's is not among them.",
        "Add Keystead's network to the vault's firewall, then retry.",
    ),
    person(
        "SecretDisabled",
        "the secret is disabled",
        "Somebody disabled the secret in the vault.",
        "Have it enabled again, then retry.",
    ),
    person(
        "SecretNotFound",
        "the secret is not there",
        "Somebody deleted the secret, or it was never written.",
        "Recover it in the vault, or retry from the step that writes it.",
    ),
    person(
        "ObjectIsDeletedButRecoverable",
        "a deleted secret holds its name",
        "A secret of this name was deleted and can still be recovered.",
        "Have it recovered or purged in the vault, then retry.",
    ),
    passes("ObjectIsBeingDeleted", "it is still being deleted"),
    person(
        "Unauthorized",
        "it does not accept the token",
        "The token of Keystead's identity is not one that it takes.",
        "Check tenant, cloud and credential in Keystead's configuration, then retry.",
    ),
    refused(
        "BadParameter",
        "a value does not fit",
        "The vault does not accept a value of what was written.",
        "Roll back and ask again with a value that Azure accepts.",
    ),
    // What passes by itself.
    passes("OperationNotAllowed", "another operation is in progress"),
    passes("AnotherOperationInProgress", "another operation is in progress"),
    passes("EtagMismatch", "somebody else changed it in the same moment"),
    passes(
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        "another credential is being written",
    ),
    passes("ResourceGroupBeingDeleted", "a resource group of this name is still being deleted"),
    passes("PrincipalNotFound", "the new identity has not reached the directory everywhere"),
    passes("InvalidOutputTable", "the tables of the new workspace are not there yet"),
    passes("ResourceNotFound", "what was just made is not visible everywhere"),
    passes("ParentResourceNotFound", "what was just made is not visible everywhere"),
    passes("ResourceGroupNotFound", "what was just made is not visible everywhere"),
    passes("MissingSubscriptionRegistration", "the resource provider is still being registered"),
];
