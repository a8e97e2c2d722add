# ruff: noqa: E501 - one type, one line
"""What a changed input does to a resource, as the clouds' users know it: written by hand, apart from the rules' table.

Sources: the reference page of each type in the providers' documentation and of the API that changes it
(`Modify…`/`Update…` calls of AWS, `patch` methods of Google Cloud, PUT of Azure Resource Manager, validation of
Kubernetes' API server). General knowledge of 2026-11-25, not re-read.
"""

AWS = """
ec2/vpc:Vpc                      replace cidrBlock                    update enableDnsHostnames tags
ec2/subnet:Subnet                replace availabilityZone cidrBlock vpcId  update mapPublicIpOnLaunch tags
ec2/securityGroup:SecurityGroup  replace description name vpcId       update tags
vpc/securityGroupIngressRule:SecurityGroupIngressRule replace securityGroupId update cidrIpv4 description fromPort
ec2/vpcEndpoint:VpcEndpoint      replace serviceName vpcId vpcEndpointType update policy subnetIds privateDnsEnabled
ec2/routeTable:RouteTable        replace vpcId                        update tags
ec2/route:Route                  replace destinationCidrBlock routeTableId update gatewayId
ec2/natGateway:NatGateway        replace subnetId allocationId        update tags
ec2/flowLog:FlowLog              replace trafficType logDestination maxAggregationInterval update tags
ec2/launchTemplate:LaunchTemplate replace name                        update instanceType userData metadataOptions
ec2/placementGroup:PlacementGroup replace strategy                    update tags
ec2/capacityReservation:CapacityReservation replace instanceType availabilityZone update instanceCount endDate
eks/cluster:Cluster              replace name roleArn                 update version enabledClusterLogTypes vpcConfig.endpointPublicAccess deletionProtection
eks/nodeGroup:NodeGroup          replace instanceTypes capacityType subnetIds amiType update scalingConfig.maxSize labels taints version
eks/addon:Addon                  replace addonName clusterName        update addonVersion configurationValues
eks/accessEntry:AccessEntry      replace principalArn type            update kubernetesGroups
eks/podIdentityAssociation:PodIdentityAssociation replace namespace serviceAccount update roleArn
iam/role:Role                    replace name path                    update assumeRolePolicy maxSessionDuration description
iam/policy:Policy                replace name description             update policy
iam/rolePolicyAttachment:RolePolicyAttachment replace policyArn role  update
kms/key:Key                      replace keyUsage multiRegion         update enableKeyRotation policy description
kms/alias:Alias                  replace name                         update targetKeyId
lb/loadBalancer:LoadBalancer     replace internal loadBalancerType name update idleTimeout securityGroups enableDeletionProtection
lb/listener:Listener             replace loadBalancerArn              update port sslPolicy certificateArn
lb/targetGroup:TargetGroup       replace port protocol targetType vpcId update deregistrationDelay healthCheck.path
wafv2/webAcl:WebAcl              replace scope name                   update rules description
wafv2/webAclAssociation:WebAclAssociation replace resourceArn webAclArn update
acm/certificate:Certificate      replace domainName subjectAlternativeNames update tags
route53/zone:Zone                replace name                         update comment
route53/record:Record            replace name type zoneId             update ttl records
route53/healthCheck:HealthCheck  replace type requestInterval         update failureThreshold fqdn searchString
s3/bucket:Bucket                 replace bucket objectLockEnabled     update tags forceDestroy
s3/bucketPolicy:BucketPolicy     replace bucket                       update policy
cloudtrail/trail:Trail           replace name                         update kmsKeyId enableLogFileValidation
cloudwatch/logGroup:LogGroup     replace name logGroupClass           update retentionInDays kmsKeyId
ecr/repository:Repository        replace name encryptionConfigurations update imageTagMutability
secretsmanager/secret:Secret     replace name                         update kmsKeyId description
sqs/queue:Queue                  replace name fifoQueue               update visibilityTimeoutSeconds
sns/topic:Topic                  replace name                         update kmsMasterKeyId
"""

GCP = """
compute/network:Network          replace name autoCreateSubnetworks   update routingMode
compute/subnetwork:Subnetwork    replace network region name          update privateIpGoogleAccess logConfig.flowSampling
compute/firewall:Firewall        replace network direction name       update allows sourceRanges priority
compute/router:Router            replace region network               update bgp.asn
compute/routerNat:RouterNat      replace router name                  update minPortsPerVm
compute/regionBackendService:RegionBackendService replace loadBalancingScheme name update timeoutSec securityPolicy protocol
compute/forwardingRule:ForwardingRule replace ipAddress portRange     update target labels
compute/regionSecurityPolicy:RegionSecurityPolicy replace name type   update description
container/cluster:Cluster        replace location network name enableAutopilot update minMasterVersion loggingConfig.enableComponents deletionProtection
container/nodePool:NodePool      replace cluster name nodeConfig.spot nodeConfig.serviceAccount update nodeCount autoscaling.maxNodeCount version
kms/keyRing:KeyRing              replace location name                update
kms/cryptoKey:CryptoKey          replace purpose keyRing              update rotationPeriod labels
serviceaccount/account:Account   replace accountId                    update displayName
storage/bucket:Bucket            replace location name                update uniformBucketLevelAccess versioning.enabled
dns/managedZone:ManagedZone      replace dnsName name                 update description
dns/recordSet:RecordSet          replace name managedZone             update ttl rrdatas
artifactregistry/repository:Repository replace location format repositoryId update description
secretmanager/secret:Secret      replace secretId replication         update labels
"""

AZURE = """
resources:ResourceGroup          replace location resourceGroupName   update tags
network:VirtualNetwork           replace location virtualNetworkName  update addressSpace.addressPrefixes tags
network:Subnet                   replace virtualNetworkName subnetName update addressPrefix
network:PublicIPAddress          replace location zones               update idleTimeoutInMinutes
network:ApplicationGateway       replace location applicationGatewayName update enableHttp2 tags
containerservice:ManagedCluster  replace location dnsPrefix networkProfile.serviceCidr update kubernetesVersion disableLocalAccounts
containerservice:AgentPool       replace vmSize scaleSetPriority availabilityZones update count nodeLabels
keyvault:Vault                   replace location vaultName           update properties.enablePurgeProtection
managedidentity:UserAssignedIdentity replace location resourceName    update tags
storage:StorageAccount           replace location isHnsEnabled        update minimumTlsVersion
operationalinsights:Workspace    replace location workspaceName       update retentionInDays
containerregistry:Registry       replace location registryName        update publicNetworkAccess
authorization:RoleAssignment     replace principalId roleDefinitionId scope update
"""

KUBERNETES = """
core/v1:Namespace                replace metadata.name                update metadata.labels
apps/v1:Deployment               replace metadata.namespace spec.selector.matchLabels update spec.replicas spec.template.metadata.labels
apps/v1:DaemonSet                replace spec.selector.matchLabels    update spec.template.metadata.labels
apps/v1:StatefulSet              replace spec.serviceName             update spec.replicas
batch/v1:Job                     replace spec.template.metadata.labels update metadata.labels
core/v1:Service                  replace spec.clusterIP               update spec.selector spec.type
core/v1:Secret                   replace type                         update metadata.labels
rbac.authorization.k8s.io/v1:RoleBinding replace roleRef.name         update subjects
storage.k8s.io/v1:StorageClass   replace provisioner                  update allowVolumeExpansion
policy/v1:PodDisruptionBudget    replace metadata.name                update spec.maxUnavailable
"""


def cases() -> list[tuple[str, str, str]]:
    """Type, path of the changed input, and what happens."""
    found = []
    for package, text in {"aws": AWS, "gcp": GCP, "azure-native": AZURE, "kubernetes": KUBERNETES}.items():
        for line in filter(None, text.splitlines()):
            kind, *words = line.split()
            happens = ""
            for word in words:
                if word in ("replace", "update"):
                    happens = word
                else:
                    found.append((f"{package}:{kind}", word, happens))
    return found
